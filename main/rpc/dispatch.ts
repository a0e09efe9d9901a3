// From the name of an operation to its handler: the input checked, whatever is thrown made a DermOrbitError.
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type {
  CallOptions,
  CheckedInputOf,
  EventOf,
  OperationName,
  Operations,
  OutputOf,
} from '../contract/operations.ts';

/** What a handler is given beside its input. */
export interface HandlerOptions<E> {
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: E) => void;
}

/** One handler per operation of a table, or of some of it. `Context`: what they share. */
export type Handlers<C extends Operations, Context, Name extends keyof C = keyof C> = {
  readonly [Each in Name]: (
    context: Context,
    input: CheckedInputOf<C, Each>,
    options: HandlerOptions<EventOf<C, Each>>,
  ) => Promise<OutputOf<C, Each>>;
};

/** The first fault of an input: which field, and why. */
export interface Fault {
  readonly field: string;
  readonly why: string;
}

const requestInvalid = (operation: string, { field, why }: Fault): DermOrbitError =>
  new DermOrbitError('REQUEST_INVALID', `${operation}: ${field}: ${why}.`);

/**
 * Carries out one call.
 * @param refused the error of an input that its schema refuses
 * @throws DermOrbitError, always
 */
export async function dispatch<C extends Operations, Context, Name extends OperationName<C>>(
  contract: C,
  handlers: Handlers<C, Context>,
  context: Context,
  operation: Name,
  input: unknown,
  { signal, onEvent }: CallOptions<EventOf<C, Name>> = {},
  refused: (operation: string, fault: Fault) => DermOrbitError = requestInvalid,
): Promise<OutputOf<C, Name>> {
  try {
    signal?.throwIfAborted();
    const parsed = contract[operation]!.input.safeParse(input);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const fault = { field: issue?.path.join('.') ?? '', why: issue?.message ?? 'not understood' };
      throw refused(operation, fault);
    }
    return await handlers[operation](context, parsed.data as CheckedInputOf<C, Name>, {
      signal,
      onEvent: onEvent ?? (() => undefined),
    });
  } catch (thrown) {
    throw asDermOrbitError(thrown);
  }
}
