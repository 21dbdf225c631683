import { describe, expect, it } from 'vitest';
import { catalogue } from '../../common/error-catalogue.ts';
import { SubnetError, isSubnetError, messageOf } from '../../common/errors.ts';
import { cleanText, fault, isFault } from '../../common/fault.ts';

describe('an error of the catalogue', () => {
  it('says what was wrong, where, and what to do', () => {
    const error = new SubnetError('PORT_TAKEN', { port: 8091, detail: '127.0.0.1:8091' });
    expect(error.message).toBe('The port is already taken: 127.0.0.1:8091 (port=8091)');
    expect(error.exitCode).toBe(3);
    expect(error.fix).toContain('another port');
    expect(isSubnetError(error)).toBe(true);
    expect(isSubnetError(new Error('x'))).toBe(false);
  });

  it('keeps its cause, and INTERNAL asks for a report', () => {
    const cause = new Error('boom');
    const error = new SubnetError('INTERNAL', {}, { cause });
    expect(error.cause).toBe(cause);
    expect(error.fix).toContain('report');
    expect(messageOf('text')).toBe('text');
  });

  it('has a title that is a sentence without its end, and a fix that has one', () => {
    for (const [code, { title, fix }] of Object.entries(catalogue)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z0-9]+)*$/);
      expect(title, code).not.toMatch(/\.$/);
      expect(fix, code).toMatch(/[.!]$/);
    }
  });
});

describe('a fault', () => {
  it('is a value, with text from the network cut and cleaned', () => {
    const one = fault('timeout', `line\u001b[31m\n${'x'.repeat(500)}`);
    expect(isFault(one)).toBe(true);
    expect(one.detail).toHaveLength(200);
    expect(cleanText('a\u0000\nb')).toBe('a b');
    expect(isFault(null)).toBe(false);
    expect(isFault({ kind: 'response' })).toBe(false);
  });
});
