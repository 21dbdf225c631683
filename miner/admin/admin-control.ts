import type { ModelKeeper } from '../models/model-keeper.ts';
import type { AdminCommand, AdminLogLevel } from './admin-command.ts';

/** What an operator can do to a miner that runs. */
export interface AdminControl {
  readonly models: Pick<
    ModelKeeper,
    'load' | 'unload' | 'rescan' | 'setAlias' | 'setCanary' | 'index'
  >;
  /** True: no new requests are taken, those under way end. */
  setDraining(draining: boolean): void;
  setLogLevel(level: AdminLogLevel): void;
}

/** Carries a command out; what it gives is shown to the operator. Throws MODEL_* and the like. */
export async function carryOut(control: AdminControl, command: AdminCommand): Promise<unknown> {
  const { models } = control;
  switch (command.command) {
    case 'drain':
    case 'resume':
      control.setDraining(command.command === 'drain');
      return { draining: command.command === 'drain' };
    case 'log-level':
      control.setLogLevel(command.level);
      return { level: command.level };
    case 'models-list':
      return { models: models.index() };
    case 'models-load': {
      const { name, version, sha256 } = await models.load(command.name, command.version);
      return { name, version, sha256 };
    }
    case 'models-unload':
      await models.unload(command.name, command.version);
      return { models: models.index() };
    case 'models-rescan':
      return models.rescan();
    case 'models-alias':
      await models.setAlias(command.alias, command.target);
      return { alias: command.alias, target: command.target };
    case 'models-canary':
      await models.setCanary(command.name, command.canary);
      return { name: command.name, canary: command.canary };
  }
}
