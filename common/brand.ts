declare const brand: unique symbol;

/** A string that was checked to be an SS58 address (see `parseSs58` in ss58.ts). */
export type Ss58 = string & { readonly [brand]: 'ss58' };

/** The key a neuron signs with. */
export type Hotkey = Ss58;

/** The key that owns stake and hotkeys. */
export type Coldkey = Ss58;
