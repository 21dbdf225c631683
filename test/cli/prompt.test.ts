import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { terminalPrompter } from '../../cli/prompt.ts';
import type { PromptFlags } from '../../cli/prompt.ts';

function terminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const stop = new AbortController();
  const ask = (flags: PromptFlags = {}) =>
    terminalPrompter({ input, output, signal: stop.signal }, flags);
  const type = (text: string) => setTimeout(() => input.write(text), 50);
  return { ask, type, stop, shown: () => shown };
}

describe('questions at a terminal', () => {
  it('takes a secret without showing it', async () => {
    const { ask, type, shown } = terminal();
    type(' hunter2 \r');
    expect(await ask().secret('Password')).toBe('hunter2');
    expect(shown()).toContain('Password');
    expect(shown()).not.toContain('hunter2');
  });

  it.each([
    ['y\r', true],
    ['\r', false],
  ])('takes %j for %s', async (typed, answer) => {
    const { ask, type } = terminal();
    type(typed);
    expect(await ask().confirm('Sure?')).toBe(answer);
  });

  it('is cancelled by the signal of the process', async () => {
    const { ask, stop } = terminal();
    setTimeout(() => stop.abort(), 50);
    await expect(ask().secret('Password')).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('refuses to ask for a secret where there is no terminal, and says what to do instead', async () => {
    for (const [isTty, flags, why] of [
      [false, {}, 'no terminal'],
      [true, { prompt: false }, '--no-prompt'],
    ] as const) {
      const refused = terminal(isTty).ask(flags).secret('Password', 'set IT');
      await expect(refused).rejects.toMatchObject({ code: 'USAGE' });
      await expect(refused).rejects.toThrow(why);
      await expect(refused).rejects.toThrow('set IT');
    }
  });

  it('counts --yes and --no-prompt as yes, and asks nothing else of a pipe', async () => {
    expect(await terminal(false).ask({ yes: true }).confirm('Sure?')).toBe(true);
    expect(await terminal(false).ask({ prompt: false }).confirm('Sure?')).toBe(true);
    await expect(terminal(false).ask().confirm('Sure?')).rejects.toThrow('--yes');
  });

  it('tells before a question whether it can be asked', () => {
    expect(() => terminal(false).ask().checkConfirm('Sure?')).toThrow('--yes');
    for (const flags of [{ yes: true }, { prompt: false }]) {
      expect(() => terminal(false).ask(flags).checkConfirm('Sure?')).not.toThrow();
    }
    expect(() => terminal().ask().checkConfirm('Sure?')).not.toThrow();
  });
});
