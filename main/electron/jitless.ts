// Imported first by the preload: tells zod not to compile its schemas with `new Function` (see the page's own).
import { z } from 'zod';

z.config({ jitless: true });
