// The one place that configures sharp (libvips), for the whole process. Everything in this room imports it from
// here, so that no image is ever opened under other rules.
import sharp from 'sharp';

// Each image is read once, so libvips' operation cache would only hold on to pixels that nobody asks for again.
sharp.cache(false);

// One libvips thread per image: inference owns the cores. Images overlap by running several at once, each on
// a thread of libuv's pool, so a folder still decodes in parallel.
sharp.concurrency(1);

// libvips recognises many more formats than the product reads (SVG, GIF, HEIF, PDF...), each a parser that
// a hostile file could aim at. Only these four may open a file; raw pixels need no loader.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadTiffBuffer',
    'VipsForeignLoadWebpBuffer',
  ],
});

export { sharp };
