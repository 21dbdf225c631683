import type { CliIo } from '../io.ts';
import { plainLine, renderState } from './view.ts';
import type { DemoState } from './state.ts';

export interface LiveView {
  /** A step of the set-up, said once. */
  step(text: string): void;
  update(state: DemoState): void;
  /** Leaves the last picture on the screen. */
  finish(state: DemoState): void;
}

/** Redraws in place on a terminal; elsewhere one line an epoch. `quiet` sends all to stderr. */
export function createLiveView(io: CliIo, quiet: boolean): LiveView {
  return io.isTty && !quiet ? terminalView(io) : plainView(quiet ? io.err : io.out);
}

function terminalView(io: CliIo): LiveView {
  let drawn = 0;
  const draw = (state: DemoState): void => {
    const up = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`;
    const lines = renderState(state, io.colour).map((line) => fit(line, io.columns));
    drawn = lines.length;
    io.out(up + lines.join('\n'));
  };
  return { step: (text) => io.out(text), update: draw, finish: draw };
}

/** A line that wraps would break the redraw: lines with colour are cut by their plain length. */
function fit(line: string, columns: number): string {
  // oxlint-disable-next-line no-control-regex
  const plain = line.replace(/\u001b\[\d+m/g, '');
  return plain.length <= columns ? line : plain.slice(0, columns);
}

function plainView(print: (text: string) => void): LiveView {
  let lastEpochs = -1;
  let lastBlock = -100;
  return {
    step: print,
    update: (state) => {
      if (state.paidEpochs === lastEpochs && state.block - lastBlock < 20) return;
      lastEpochs = state.paidEpochs;
      lastBlock = state.block;
      print(plainLine(state));
    },
    finish: (state) => print(renderState(state, false).join('\n')),
  };
}
