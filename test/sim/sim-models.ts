import type { Dataset } from '../../tasks/dataset.ts';

/** Scores of ten classes for one picture of 64 values, 0 to 1. */
export type SimModel = (picture: Float32Array) => Float32Array;

/** The best of the simulation: the class of the nearest picture that miners may train on. */
export function nearestPicture(train: Dataset): SimModel {
  const items = Float32Array.from(train.items, (value) => value / train.fullScale);
  return (picture) => {
    const scores = new Float32Array(train.classes.length).fill(-1e9);
    train.labels.forEach((label, at) => {
      const score = -distance(picture, items, at * picture.length);
      if (score > (scores[label] ?? 0)) scores[label] = score;
    });
    return scores;
  };
}

/** A weaker one: the class whose mean picture is nearest. */
export function nearestMean(train: Dataset): SimModel {
  const size = train.items.length / train.labels.length;
  const means = new Float32Array(size * train.classes.length);
  const counts = train.classes.map(() => 0);
  train.labels.forEach((label) => (counts[label] = (counts[label] ?? 0) + 1));
  train.labels.forEach((label, at) => {
    for (let i = 0; i < size; i += 1) {
      const value = (train.items[at * size + i] ?? 0) / train.fullScale / (counts[label] ?? 1);
      means[label * size + i] = (means[label * size + i] ?? 0) + value;
    }
  });
  return (picture) =>
    Float32Array.from(train.classes, (_, label) => -distance(picture, means, label * size));
}

/** The cheat: always the same class. */
export function constantAnswer(label: number): SimModel {
  return () => Float32Array.from({ length: 10 }, (_, at) => (at === label ? 1 : 0));
}

function distance(picture: Float32Array, others: Float32Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < picture.length; i += 1) {
    const gap = (picture[i] ?? 0) - (others[from + i] ?? 0);
    sum += gap * gap;
  }
  return sum;
}
