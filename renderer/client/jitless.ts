// Imported first by the page: tells zod not to compile its schemas with `new Function`, which the page's content
// security policy forbids (zod would fall back by itself, but the browser reports the attempt).
import { z } from 'zod';

z.config({ jitless: true });
