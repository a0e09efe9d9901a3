// Pages of other sites in the same browser know the host's port, as any site can find it out. Whatever they do to it, the
// person's page goes on.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from './fixtures.ts';

/** Pages, and rounds of connections that each opens and drops in the middle of their opening. */
const [pages, rounds, sockets] = [12, 6, 12];

test('foreign pages that open and drop connections do not end the host', async ({ app }) => {
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<title>another site</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const target = new URL(app.page.url()).host;
  try {
    for (let k = 0; k < pages; k++) {
      const page = await app.page.context().newPage();
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
      await page.evaluate(
        async ({ address, first, times, count }) => {
          for (let round = 0; round < times; round++) {
            const opened = Array.from({ length: count }, (_, i) => new WebSocket(`${address}x${i}`));
            await new Promise((resolve) => setTimeout(resolve, (first + round) % 9));
            for (const one of opened) one.close();
          }
        },
        { address: `ws://${target}/`, first: k, times: rounds, count: sockets },
      );
      await page.close();
    }
  } finally {
    site.close();
  }
  await app.page.reload();
  await expect(app.page).toHaveTitle(/DermOrbit/);
});
