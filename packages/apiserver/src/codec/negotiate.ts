import { StatusError } from '../status-error.ts';

/** The shape in which an answer is given: the object itself, or one of the two projections of the metadata API. */
export type View = 'object' | 'table' | 'metadata';

/** How an answer is written. */
export type Format = 'json' | 'yaml' | 'protobuf';

/** What the client accepts, decided. */
export interface Accepted {
  readonly format: Format;
  readonly view: View;
  /** The version of the projection that was asked for. */
  readonly viewVersion: string;
}

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The media type of Kubernetes' protobuf envelope. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const BUILT_IN = `application/json, application/yaml, ${PROTOBUF}`;
const STREAMS = `, application/json;stream=watch, ${PROTOBUF};stream=watch`;
const JSON_ONLY: Accepted = { format: 'json', view: 'object', viewVersion: '' };

/** Decides how to answer. */
export function negotiate(header: string | undefined, options: Asked): Accepted {
  if (wantsPlainJson(header)) return JSON_ONLY;
  let refusedView: StatusError | undefined;
  for (const clause of clauses(header ?? '')) {
    const format = formatOf(clause.type, options.custom);
    if (!format) continue;
    const view = format === 'protobuf' && clause.parameters.get('as') === 'Table' ? noProtobufTable() : viewOf(clause, options);
    if (view instanceof StatusError) refusedView ??= view;
    else return { format, ...view };
  }
  if (refusedView) throw refusedView;
  throw options.custom ? noSuchView() : notAcceptable(options.watchable);
}

/** Answers most requests by one look. */
function wantsPlainJson(header: string | undefined): boolean {
  return header === undefined || header === '' || header === 'application/json' || header === '*/*';
}

/** Custom resources ask at their door whether an answer can be written at all. */
export function demandCustomFormat(header: string | undefined): void {
  if (wantsPlainJson(header)) return;
  if (!clauses(header ?? '').some(({ type }) => formatOf(type, true))) throw noSuchView();
}

/** How a document of discovery is written; there is no protobuf of them. */
export function documentFormat(header: string | undefined): 'json' | 'yaml' {
  if (header === undefined || header === '') return 'json';
  for (const { type } of clauses(header)) {
    const format = type === 'application/*' ? 'json' : formatOf(type, true);
    if (format === 'json' || format === 'yaml') return format;
  }
  throw notAcceptable();
}

function notAcceptable(watchable = false): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${BUILT_IN}${watchable ? STREAMS : ''}`;
  return new StatusError('NotAcceptable', message, { details: {} });
}

function formatOf(type: string, custom: boolean): Format | undefined {
  switch (type) {
    case 'application/json':
    case '*/*':
      return 'json';
    case 'application/yaml':
      return 'yaml';
    case PROTOBUF:
      return custom ? undefined : 'protobuf';
    default:
      return undefined;
  }
}

interface Asked {
  /** The answer is a list. */
  readonly list: boolean;
  /** The same request could be a watch. */
  readonly watchable?: boolean;
  /** The type as Kubernetes calls it. */
  readonly subject: string;
  /** Nothing was read yet. */
  readonly early?: boolean;
  /** The resource has no protobuf form. */
  readonly custom: boolean;
}

function viewOf({ parameters }: Clause, asked: Asked): { view: View; viewVersion: string } | StatusError {
  const as = parameters.get('as');
  if (as === undefined) return { view: 'object', viewVersion: '' };
  const viewVersion = parameters.get('v') ?? '';
  const known = parameters.get('g') === 'meta.k8s.io' && (viewVersion === 'v1' || viewVersion === 'v1beta1');
  if (known && as === 'Table') return { view: 'table', viewVersion };
  if (known && as === (asked.list ? 'PartialObjectMetadataList' : 'PartialObjectMetadata')) return { view: 'metadata', viewVersion };
  return known && as.startsWith('Partial') ? otherMetadata(as, asked) : noSuchView();
}

function otherMetadata(as: string, { list, subject, early }: Asked): { view: View; viewVersion: string } | StatusError {
  // That it is one object or several shows only when it is there.
  if (early === true) return { view: 'metadata', viewVersion: '' };
  return new StatusError(
    'NotAcceptable',
    `you requested ${as}, but the requested object is ${list ? '' : 'not '}a list (*${subject}${list ? 'List' : ''})`,
  );
}

function noProtobufTable(): StatusError {
  const why = 'object *v1.Table does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message';
  return new StatusError('NotAcceptable', why);
}

/** How an error is told: as an answer would be, in JSON where none would do. */
export function errorFormat(header: string | undefined, custom: () => boolean): Format {
  // Asked of every failure, answered for most by one look.
  if (header === undefined || !(header.includes(PROTOBUF) || header.includes('yaml'))) return 'json';
  const own = custom();
  const asked = clauses(header);
  const first = (kinds: boolean) => asked.map(({ type }) => formatOf(type, kinds)).find((format) => format !== undefined);
  // Who takes nothing that a custom resource could be told in is told so as he would be elsewhere.
  return first(own) ?? first(false) ?? 'json';
}

/** 406 for a projection that does not exist. */
export function noSuchView(): StatusError {
  return new StatusError('NotAcceptable', `only the following media types are accepted: ${BUILT_IN}`);
}

/** The clauses of an Accept header: by quality, then in their order. */
export function clauses(header: string): Clause[] {
  const parsed = header.split(',').map((text) => {
    const [type = '', ...rest] = text.split(';').map((part) => part.trim());
    const parameters = new Map(rest.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const));
    return { type, parameters, quality: Number(parameters.get('q') ?? 1) };
  });
  return parsed.toSorted((a, b) => b.quality - a.quality);
}
