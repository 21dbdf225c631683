import { describe, expect, it } from 'vitest';
import { messageOf } from '../../common/errors.ts';
import { closeAfter } from '../../common/node/lifecycle.ts';

describe('closeAfter', () => {
  it('closes once the signal has been aborted for the grace time', async () => {
    const stop = new AbortController();
    const closed = new Promise<string>((resolve) => {
      closeAfter(stop.signal, 1, async () => resolve('closed'));
    });
    stop.abort();
    await expect(closed).resolves.toBe('closed');
  });

  it('closes too when the signal was aborted before', async () => {
    const closed = new Promise<string>((resolve) => {
      closeAfter(AbortSignal.abort(), 1, async () => resolve('closed'));
    });
    await expect(closed).resolves.toBe('closed');
  });

  it('does nothing once it is forgotten, before the abort or after', async () => {
    let closes = 0;
    const close = async (): Promise<void> => void (closes += 1);
    for (const order of ['before', 'after']) {
      const stop = new AbortController();
      const forget = closeAfter(stop.signal, 1, close);
      if (order === 'before') forget();
      stop.abort();
      forget();
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(closes).toBe(0);
  });
});

describe('messageOf', () => {
  it('reads errors, and the events by which a socket fails', () => {
    expect(messageOf(new Error('so'))).toBe('so');
    expect(messageOf({ type: 'error', message: 'connect ECONNREFUSED' })).toBe(
      'connect ECONNREFUSED',
    );
    expect(messageOf('text')).toBe('text');
    expect(messageOf(undefined)).toBe('undefined');
    expect(messageOf({ message: 7 })).toBe('[object Object]');
  });
});
