// Names in a pickle beyond those that weights need. None is ever imported or called. Most belong to what training
// programs save beside their weights (settings, numpy's numbers, optimizers): they are skipped and named. The modules
// here can run programs or change the computer when Python loads the file: no weights come with them.

/** Modules, with everything below them, that a file of weights has no honest use for. */
const refusedModules: ReadonlySet<string> = new Set([
  ...[
    'os',
    'nt',
    'posix',
    'posixpath',
    'ntpath',
    'sys',
    'subprocess',
    '_posixsubprocess',
    'shutil',
    'pty',
    'commands',
  ],
  ...['socket', 'ssl', 'http', 'urllib', 'urllib2', 'requests', 'ftplib', 'smtplib', 'webbrowser', 'asyncio'],
  ...[
    'importlib',
    'imp',
    'runpy',
    'pkgutil',
    'code',
    'codeop',
    'marshal',
    'pickle',
    '_pickle',
    'cPickle',
    'dill',
  ],
  ...[
    'cloudpickle',
    'types',
    'ctypes',
    '_ctypes',
    'cffi',
    'pip',
    'setuptools',
    'distutils',
    'ensurepip',
    'venv',
  ],
  ...['timeit', 'pdb', 'bdb', 'profile', 'cProfile', 'trace', 'operator', '_operator', 'extension'],
]);

/** What programs keep their settings in, though it stands in a refused module. */
const exceptions: ReadonlySet<string> = new Set(['types.SimpleNamespace']);

/** Of Python's own module, the types and what old pickles build enumerations with; the rest runs code. */
const builtinModules: ReadonlySet<string> = new Set(['builtins', '__builtin__', '__builtins__']);
const harmlessBuiltins: ReadonlySet<string> = new Set([
  ...[
    'set',
    'frozenset',
    'dict',
    'list',
    'tuple',
    'int',
    'float',
    'complex',
    'bool',
    'str',
    'unicode',
    'long',
  ],
  ...['bytes', 'bytearray', 'slice', 'range', 'xrange', 'object', 'getattr', 'Ellipsis', 'NotImplemented'],
]);

/** Whether a file that gives this name is refused; otherwise what stands under it is skipped. */
export function isRefusedName(name: string): boolean {
  if (exceptions.has(name)) return false;
  const [module = '', member = ''] = name.split('.');
  return refusedModules.has(module) || (builtinModules.has(module) && !harmlessBuiltins.has(member));
}
