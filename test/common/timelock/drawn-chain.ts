import type { EpochSchedule } from '../../../common/chain-port.ts';

interface Subnet {
  tempo: number;
  lastEpochBlock: number;
  pendingEpochAt: number;
  epochIndex: number;
  blocksSinceLastStep: number;
  putOff: number;
}

const mostEpochsABlock = 2;

/**
 * The epochs of a stateful chain, block by block and in the order of its pallet: commits that are
 * due are opened, then counters go up and epochs run or are put off, then extrinsics come.
 */
export class DrawnChain {
  readonly #subnets: readonly Subnet[];
  #block = 0;
  /** Of each subnet: the epoch whose commits the last block could open; -1 when it was put off. */
  #opened: number[] = [];

  constructor(tempos: readonly number[], first: Partial<Subnet> = {}) {
    this.#subnets = tempos.map((tempo, at) => ({
      tempo,
      lastEpochBlock: 0,
      pendingEpochAt: 0,
      epochIndex: 0,
      blocksSinceLastStep: 0,
      putOff: 0,
      ...(at === 0 ? first : {}),
    }));
  }

  startAt(block: number): void {
    this.#block = block;
  }

  ask(subnet: number, block: number): void {
    this.#of(subnet).pendingEpochAt = block;
  }

  putOff(subnet: number): number {
    return this.#of(subnet).putOff;
  }

  runTo(block: number): void {
    while (this.#block < block) this.#next();
  }

  /** The epoch to which a commit among the extrinsics of the newest block belongs. */
  commit(subnet: number): number {
    const one = this.#of(subnet);
    return one.epochIndex + (this.#due(one) ? 1 : 0);
  }

  /** Goes on until a block opens the commits that wait for this epoch; its number. */
  runToReveal(subnet: number, epoch: number): number {
    for (let left = 200_000; left > 0; left -= 1) {
      this.#next();
      if (this.#opened[subnet] === epoch) return this.#block;
    }
    throw new Error('never revealed');
  }

  scheduleOf(subnet: number): Extract<EpochSchedule, { model: 'stateful' }> {
    const { putOff: _, ...schedule } = this.#of(subnet);
    return { model: 'stateful', ...schedule };
  }

  #of(subnet: number): Subnet {
    const one = this.#subnets[subnet];
    if (one === undefined) throw new Error('no such subnet');
    return one;
  }

  #due(subnet: Subnet): boolean {
    const { pendingEpochAt, blocksSinceLastStep, lastEpochBlock, tempo } = subnet;
    if (pendingEpochAt > 0 && this.#block >= pendingEpochAt) return true;
    return blocksSinceLastStep > 50_400 || this.#block - lastEpochBlock >= tempo;
  }

  #next(): void {
    this.#block += 1;
    this.#open();
    this.#runEpochs();
  }

  #open(): void {
    let due = 0;
    this.#opened = this.#subnets.map((subnet) => {
      if (!this.#due(subnet)) return subnet.epochIndex;
      due += 1;
      return due > mostEpochsABlock ? -1 : subnet.epochIndex + 1;
    });
  }

  #runEpochs(): void {
    let run = 0;
    for (const subnet of this.#subnets) {
      subnet.blocksSinceLastStep += 1;
      if (!this.#due(subnet)) continue;
      if (run >= mostEpochsABlock) {
        subnet.pendingEpochAt = this.#block + 1;
        subnet.putOff += 1;
        continue;
      }
      run += 1;
      subnet.blocksSinceLastStep = 0;
      subnet.lastEpochBlock = this.#block;
      subnet.pendingEpochAt = 0;
      subnet.epochIndex += 1;
    }
  }
}
