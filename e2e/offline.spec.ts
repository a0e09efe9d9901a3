// Offline by construction: a page of the app that tries to reach somewhere else does not get there.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from './fixtures.ts';

let server: Server;
let reached: string[];
let elsewhere: string;

test.beforeAll(async () => {
  reached = [];
  server = createServer((request, response) => {
    reached.push(request.url ?? '');
    response.setHeader('access-control-allow-origin', '*').end('reached');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.afterAll(() => {
  server.close();
});

test('fetch, image, socket, beacon, frame, form, script and worker all fail', async ({
  app,
  expectedErrors,
}) => {
  // Each refusal is logged by the browser: that is what is wanted.
  expectedErrors.push(
    'Mixed Content',
    'Content Security Policy',
    'Refused',
    'net::ERR',
    'Failed to load',
    'violates',
    'Failed to construct',
  );
  const outcomes = await app.page.evaluate(async (address) => {
    const loads = (element: HTMLElement): Promise<string> =>
      new Promise((resolve) => {
        element.onload = () => {
          resolve('reached');
        };
        element.onerror = () => {
          resolve('refused');
        };
        document.body.append(element);
        setTimeout(() => {
          resolve('refused');
        }, 1500);
      });
    const socket = new Promise<string>((resolve) => {
      try {
        const opened = new WebSocket(`${address.replace('http', 'ws')}/socket`);
        opened.onopen = () => {
          resolve('reached');
        };
        opened.onerror = () => {
          resolve('refused');
        };
      } catch {
        resolve('refused');
      }
    });
    navigator.sendBeacon(`${address}/beacon`);
    const form = Object.assign(document.createElement('form'), { action: `${address}/form`, method: 'post' });
    document.body.append(form);
    form.submit();
    return {
      fetch: await fetch(`${address}/fetch`).then(
        () => 'reached',
        () => 'refused',
      ),
      noCors: await fetch(`${address}/no-cors`, { mode: 'no-cors' }).then(
        () => 'reached',
        () => 'refused',
      ),
      image: await loads(Object.assign(new Image(), { src: `${address}/image` })),
      script: await loads(Object.assign(document.createElement('script'), { src: `${address}/script` })),
      socket: await socket,
    };
  }, elsewhere);
  expect(outcomes).toEqual({
    fetch: 'refused',
    noCors: 'refused',
    image: 'refused',
    script: 'refused',
    socket: 'refused',
  });
  await app.page.waitForTimeout(500);
  expect(reached).toEqual([]);
});

test('no code from text, no inline script', async ({ app, expectedErrors }) => {
  expectedErrors.push('Content Security Policy', 'Refused', 'violates');
  const outcome = await app.page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.inlineScriptRan = true';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="x:" onerror="window.handlerRan = true">');
    // In a task of the page's own: code that the debugger sends may evaluate text whatever the policy says.
    const evaluated = await new Promise<string>((resolve) => {
      setTimeout(() => {
        try {
          // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- what is tested
          resolve(String(new Function('return "ran"')()));
        } catch {
          resolve('refused');
        }
      });
    });
    return { inline: 'inlineScriptRan' in window, handler: 'handlerRan' in window, evaluated };
  });
  expect(outcome).toEqual({ inline: false, handler: false, evaluated: 'refused' });
});
