// A batch run: the engine's events by place in the request become the page's events by image id, with the time
// that is left.
import { Pace } from '../base/pace.ts';
import type { ApplicationEvent, ApplicationOutput } from '../contract/application.ts';
import type { HandlerOptions } from '../rpc/dispatch.ts';
import type { Context } from './context.ts';
import type { CheckedInput } from '../contract/application.ts';

/** Records are kept in the work list as they come, whether or not anyone still listens. */
export async function classifyImages(
  context: Context,
  { images, ...choice }: CheckedInput<'classify'>,
  { signal, onEvent }: HandlerOptions<ApplicationEvent<'classify'>>,
): Promise<ApplicationOutput<'classify'>> {
  const paths = images.map((image) => context.list.pathOf(image));
  // The first image also opens the model, so the pace is that of the images after it.
  const pace = new Pace();
  let done = 0;
  return context.engine.api.call(
    'classify',
    { ...choice, paths },
    {
      signal,
      onEvent: ({ index, record: found }) => {
        const image = images[index];
        if (image === undefined) return;
        const record = context.list.shown(image, found);
        context.list.keep(image, record);
        done++;
        const secondsLeft = pace.step(images.length - done);
        onEvent({ image, record, done, total: images.length, secondsLeft });
      },
    },
  );
}
