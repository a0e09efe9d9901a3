// The keyboard, wired to the shortcut table: keys to actions, everywhere but inside open dialogs.
import { groupNameSchema, methodSchema } from '../../main/contract/settings.ts';
import { offeredMethods } from '../../main/equivariance/settings.ts';
import { screens } from '../../main/contract/screens.ts';
import { shortcutFor, type ShortcutAction } from './shortcuts.ts';
import type { Application } from '../state/application.svelte.ts';

/** Whether Command is the primary key here. */
export const onMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function next<Value>(values: readonly Value[], value: Value): Value {
  return values[(values.indexOf(value) + 1) % values.length] ?? value;
}

function actions(application: Application): Readonly<Record<ShortcutAction, () => void>> {
  const { list, run, exports } = application;
  return {
    openFiles: () => {
      application.openImages('files');
    },
    openFolder: () => {
      application.openImages('folder');
    },
    classifyAll: () => {
      run.start(application.waitingIds);
    },
    cancel: () => {
      run.cancel();
      application.turnTest.cancel();
    },
    search: () => {
      document.querySelector<HTMLElement>('[data-shortcut="search"]')?.focus();
    },
    previousImage: () => {
      list.step(-1);
    },
    nextImage: () => {
      list.step(1);
    },
    evidence: () => {
      application.evidenceShown = !application.evidenceShown;
    },
    nextMethod: () => {
      const { model } = application;
      const available =
        model === null ? methodSchema.options : offeredMethods(model.combiners, model.features !== null);
      application.choose({ method: next(available, application.settings.method) });
    },
    nextGroup: () => {
      application.choose({ group: next(groupNameSchema.options, application.settings.group) });
    },
    exportReport: () => {
      if (list.chosen?.result != null) void exports.report(list.chosen.item.id, application.base);
    },
    copyText: () => {
      if (list.chosen?.result != null) void exports.copyText(list.chosen.item.id, application.base);
    },
    help: () => {
      application.helpOpen = true;
    },
    ...Object.fromEntries(
      screens.map(({ name }, index) => [
        `view${index + 1}`,
        () => {
          application.view = name;
        },
      ]),
    ),
  };
}

/** The window's keydown listener. */
export function keyboard(application: Application): (event: KeyboardEvent) => void {
  const table = actions(application);
  return (event) => {
    if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
    const action = shortcutFor(event, onMac);
    if (action === null) return;
    event.preventDefault();
    table[action]?.();
  };
}
