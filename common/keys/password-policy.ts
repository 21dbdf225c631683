const leastLength = 6;
const leastBits = 20;

const alphabets: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 33],
];

/**
 * Why a password will not do for a new key file, or `undefined` when it will. As strict as the
 * Bittensor wallets: six characters and a strength of 20; ours is in bits, each different character
 * counted once. Argon2i adds some 20 bits to whatever a guesser has to go through.
 */
export function passwordProblem(password: string): string | undefined {
  if (Array.from(password).length < leastLength)
    return `it has fewer than ${leastLength} characters`;
  if (passwordBits(password) < leastBits) return 'it is too easy to guess: make it longer';
  return undefined;
}

function passwordBits(password: string): number {
  const used = alphabets.filter(([pattern]) => pattern.test(password));
  const choices = used.reduce((sum, [, size]) => sum + size, 0);
  return new Set(password).size * Math.log2(Math.max(2, choices));
}
