// app://dermorbit/: the page, pictures and reports. The same table of routes as the host (services/resources.ts).
import type { Protocol } from 'electron';
import { commonHeaders, type Resources } from '../services/resources.ts';
import { isOwn, origin, scheme } from './origin.ts';

/** Declares the scheme; before the app is ready. It behaves like https: an origin of its own, secure, fetchable. */
export function declareScheme(protocol: Protocol): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

/** Answers the scheme's requests. */
export function serveScheme(protocol: Protocol, resources: Resources): void {
  protocol.handle(scheme, async (request) => {
    const { status, headers, body } =
      request.method === 'GET' && isOwn(request.url)
        ? await resources.get(pathOf(request.url))
        : { status: 403, headers: {}, body: 'Refused' };
    const bytes = typeof body === 'string' ? body : new Uint8Array(body);
    return new Response(bytes, { status, headers: { ...commonHeaders, ...headers } });
  });
}

/** Everything after the origin's slash, without query and fragment; never decoded, never resolved. */
function pathOf(address: string): string {
  return address.slice(origin.length + 1).replace(/[?#].*$/s, '');
}
