/** The synapses of `classic_synapses.py`, as a miner's YAML has them. */
const image = { tensor: 'image' };
const probabilities = { tensor: 'probabilities' };

export const digitsRoutes = [
  {
    synapse: 'Digits',
    fields: [
      { name: 'image', type: 'list[float]', required: true, input: image },
      { name: 'probabilities', type: 'list[list[float]]', output: probabilities },
    ],
    hashFields: ['image'],
  },
  {
    synapse: 'DigitsTensor',
    fields: [
      { name: 'note', type: 'str' },
      { name: 'image', type: 'tensor', input: image },
      { name: 'probabilities', type: 'tensor', output: probabilities },
    ],
    hashFields: ['note', 'image'],
  },
  {
    synapse: 'DigitsOpen',
    fields: [
      { name: 'image', type: 'list[float]', required: true, input: image },
      { name: 'probabilities', type: 'list[list[float]]', output: probabilities },
    ],
    unsignedBody: 'accept',
  },
];
