/**
 * The room table of architecture.md §2: which package may import which. A room that is not listed may import nothing of ours.
 * Order is from the leaves up.
 */
const ROOMS = {
  std: [],
  api: ['std'],
  client: ['std', 'api'],
  controller: ['std', 'client'],
  mail: ['std'],
  operators: ['std', 'api', 'client', 'controller'],
  store: ['std'],
  certificates: [],
  apiserver: ['std', 'store', 'certificates'],
  'kube-controllers': ['std', 'client', 'controller', 'apiserver', 'store'],
  runtime: ['std'],
  'runtime-oci': ['std', 'runtime'],
  agent: ['std', 'client', 'controller', 'runtime', 'api'],
  virt: ['std', 'api', 'client', 'controller'],
  auth: ['std', 'api', 'client'],
  identity: ['std', 'api', 'client', 'auth'],
  relay: ['std', 'api', 'client', 'auth'],
  gateway: ['std', 'api', 'client', 'auth'],
  testkit: ['std', 'api', 'client', 'controller', 'store', 'apiserver', 'kube-controllers', 'operators', 'runtime', 'agent', 'identity'],
};

/** Tests of the rooms that stand on the embedded API may start it through the testkit. */
const TEST = '\\.test(-support)?\\.ts$|/tests/';

const arrows = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `room-${room}`,
  severity: 'error',
  from: { path: `^packages/${room}/`, pathNot: TEST },
  to: { path: '^packages/([^/]+)/', pathNot: `^packages/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
    },
    {
      name: 'only-the-front-door',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^packages/([^/]+)/', pathNot: ['^packages/$2/', '^packages/[^/]+/src/index\\.ts$', '^packages/[^/]+/package\\.json$'] },
    },
    { name: 'packages-do-not-import-apps', severity: 'error', from: { path: '^packages/' }, to: { path: '^apps/' } },
    {
      name: 'std-knows-no-platform',
      severity: 'error',
      from: { path: '^packages/(std|api)/src/', pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|generated)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
