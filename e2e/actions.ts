// What a person does on the page, in the words of the page.
import { expect, type Locator, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { OpenApp } from './surfaces.ts';

/** Rows of the work list that are drawn now. */
export function rows(page: Page): Locator {
  return page.getByRole('listbox').getByRole('option');
}

/** Adds images through the dialog. */
export async function addImages(app: OpenApp, paths: readonly string[]): Promise<void> {
  await app.choose(paths, () => app.page.getByRole('button', { name: 'Open images' }).click());
}

/** Adds the example phantoms and waits until all are classified. */
export async function addExamples({ page }: OpenApp): Promise<void> {
  await page.getByRole('button', { name: 'Try examples' }).click();
  await allDone(page);
}

/** Waits until a run has gone by. */
export async function allDone(page: Page): Promise<void> {
  await expect(rows(page).first()).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Classifying' })).toHaveCount(0);
  await expect(page.getByRole('option', { name: /waiting|working|not classified/ })).toHaveCount(0);
}

export async function openView(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByText(name, { exact: true }).click();
}

/** Chooses a labelled folder: in a dialog of the window, as an upload in the browser. */
export async function chooseLabelled(app: OpenApp, folder: string): Promise<void> {
  const name = app.surface === 'electron' ? 'Choose folder' : 'Upload folder';
  await app.choose([folder], () => app.page.getByRole('button', { name }).click());
}

/** Drops files on the page, as the browser reports it. */
export async function dropFiles(page: Page, paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => ({
    name: basename(path),
    base64: readFileSync(path).toString('base64'),
  }));
  const transfer = await page.evaluateHandle(async (given) => {
    const data = new DataTransfer();
    for (const { name, base64 } of given) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      data.items.add(new File([bytes], name));
    }
    return Promise.resolve(data);
  }, files);
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('body', type, { dataTransfer: transfer });
  }
}

/** Pastes an image from the clipboard, as the browser reports it. */
export async function pasteImage(page: Page, path: string): Promise<void> {
  const base64 = readFileSync(path).toString('base64');
  await page.evaluate((text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
    document.body.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
    );
  }, base64);
}

export async function exportAs(app: OpenApp, item: string, name: string): Promise<Buffer> {
  return app.exported(name, async () => {
    await app.page.getByRole('button', { name: 'Export' }).click();
    await app.page.getByRole('menuitem', { name: item }).click();
  });
}
