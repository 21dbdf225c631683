import { z } from 'zod';

const shareText = 'must be a number from 0 to 1';

/** Names and versions of models, as the admin port takes them. */
export const adminName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be at most 64 letters, digits, dots, dashes and underscores, the first a letter or a digit',
  );

/** The part of the callers that a canary answers. */
export const canaryShare = z.number(shareText).min(0, shareText).max(1, shareText);

const [name, version] = [adminName, adminName];
const chosenVersion = version.nullable().default(null);

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type AdminLogLevel = (typeof logLevels)[number];

/** What a signed request of the admin port can ask for; each is sent as JSON to `/admin`. */
export const adminCommandSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('drain') }),
  z.strictObject({ command: z.literal('resume') }),
  z.strictObject({ command: z.literal('log-level'), level: z.enum(logLevels) }),
  z.strictObject({ command: z.literal('models-list') }),
  z.strictObject({ command: z.literal('models-load'), name, version: chosenVersion }),
  z.strictObject({ command: z.literal('models-unload'), name, version: chosenVersion }),
  z.strictObject({ command: z.literal('models-rescan') }),
  z.strictObject({
    command: z.literal('models-alias'),
    alias: name,
    target: z.strictObject({ name, version: chosenVersion }).nullable(),
  }),
  z.strictObject({
    command: z.literal('models-canary'),
    name,
    canary: z.strictObject({ version, share: canaryShare }).nullable(),
  }),
]);

export type AdminCommand = z.output<typeof adminCommandSchema>;

export const adminPath = '/admin';
