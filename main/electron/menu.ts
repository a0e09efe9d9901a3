// The application menu. What the page has to carry out goes to it as a notice; the rest are the system's roles.
import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { Notice } from '../contract/application.ts';
import { screens } from '../contract/screens.ts';

type Command = Extract<Notice, { kind: 'command' }>['command'];

type Screen = (typeof screens)[number];

/** About has its place under the application or Help, as systems expect it. */
const listed = screens.filter(({ name }) => name !== 'about');

/** Menus capitalise every word. */
function menuTitle(title: string): string {
  return title.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}

export function installMenu(notify: (notice: Notice) => void): void {
  const command = (label: string, name: Command, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    ...(accelerator === undefined ? {} : { accelerator }),
    click: () => {
      notify({ kind: 'command', command: name });
    },
  });
  const view = ({ name, title }: Screen, index: number): MenuItemConstructorOptions => ({
    label: menuTitle(title),
    accelerator: `CmdOrCtrl+${index + 1}`,
    click: () => {
      notify({ kind: 'openView', view: name });
    },
  });
  const about: MenuItemConstructorOptions = {
    label: 'About DermOrbit',
    click: () => {
      notify({ kind: 'openView', view: 'about' });
    },
  };
  const mac = process.platform === 'darwin';
  const applicationMenu: MenuItemConstructorOptions = {
    label: 'DermOrbit',
    submenu: [
      about,
      { type: 'separator' },
      { role: 'hide' },
      { role: 'hideOthers' },
      { type: 'separator' },
      { role: 'quit' },
    ],
  };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(mac ? [applicationMenu] : []),
      {
        label: 'File',
        submenu: [
          command('Add Images …', 'openFiles', 'CmdOrCtrl+O'),
          command('Add Folder …', 'openFolder', 'CmdOrCtrl+Shift+O'),
          { type: 'separator' },
          command('Export Table (CSV) …', 'exportCsv', 'CmdOrCtrl+S'),
          command('Export Records (JSON) …', 'exportJson'),
          command('Export Report (PDF) …', 'exportReport', 'CmdOrCtrl+P'),
          { type: 'separator' },
          mac ? { role: 'close' } : { role: 'quit' },
        ],
      },
      { role: 'editMenu' },
      {
        label: 'Run',
        submenu: [
          command('Classify All', 'classifyAll', 'CmdOrCtrl+Return'),
          command('Cancel', 'cancel', 'CmdOrCtrl+.'),
        ],
      },
      {
        label: 'View',
        submenu: [
          ...listed.map(view),
          { type: 'separator' },
          { role: 'resetZoom' },
          { role: 'zoomIn' },
          { role: 'zoomOut' },
          { role: 'togglefullscreen' },
        ],
      },
      { role: 'windowMenu' },
      ...(mac ? [] : [{ label: 'Help', submenu: [about] }]),
    ]),
  );
}
