/** RAO of one TAO, and of one alpha: amounts and prices are counted in RAO. */
export const raoPerTao = 1_000_000_000n;
