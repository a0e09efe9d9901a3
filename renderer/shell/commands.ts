// Commands of the application menu, carried out with the page's own state.
import type { Notice } from '../../main/contract/application.ts';
import type { Application } from '../state/application.svelte.ts';

type Command = Extract<Notice, { kind: 'command' }>['command'];

/** Carries out a menu command; without anything to do it to, nothing happens. */
export function obey(application: Application, command: Command): void {
  const { list, exports } = application;
  const answered = list.shown.filter(({ item }) => item.record !== null).map(({ item }) => item.id);
  const commands: Readonly<Record<Command, () => void>> = {
    openFiles: () => {
      application.openImages('files');
    },
    openFolder: () => {
      application.openImages('folder');
    },
    classifyAll: () => {
      application.run.start(application.waitingIds);
    },
    cancel: () => {
      application.run.cancel();
      application.turnTest.cancel();
    },
    exportCsv: () => {
      if (answered.length > 0) void exports.csv(answered);
    },
    exportJson: () => {
      if (answered.length > 0) void exports.json(answered);
    },
    exportReport: () => {
      if (list.chosen?.result != null) void exports.report(list.chosen.item.id, application.base);
    },
  };
  commands[command]();
}
