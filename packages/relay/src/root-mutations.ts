import { GraphQLBoolean, GraphQLString } from 'graphql';
import type { InputTypes } from './input-types.ts';
import { isObject, stringOf } from './json.ts';
import { fieldName } from './names.ts';
import type { OutputTypes } from './object-types.ts';
import type { Description, Operation } from './openapi.ts';
import { argumentsOf, pathOf, type RootField } from './root-queries.ts';

const STATUS = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status';
const ACCEPT = 'application/json';

/** Writing: one field an operation, called after it. A patch is there twice, as server-side apply and as a JSON patch. */
export function mutationFields(description: Description, inputs: InputTypes, outputs: OutputTypes): Map<string, RootField> {
  const fields = new Map<string, RootField>();
  const schemaOf = kindSchemas(description);
  for (const operation of description.operations) {
    const schema = schemaOf(operation);
    if (!schema || operation.action === 'get' || operation.action === 'list') continue;
    const name = fieldName(operation.id);
    switch (operation.action) {
      case 'post':
      case 'put':
        fields.set(name, withBody(operation, { schema, inputs, outputs }));
        break;
      case 'patch':
        fields.set(
          name,
          patch(operation, { content: 'application/apply-patch+yaml', argument: 'applicationApplyPatchYamlInput' }, outputs.named(schema)),
        );
        fields.set(
          `${name}JsonPatch`,
          patch(operation, { content: 'application/json-patch+json', argument: 'applicationJsonPatchJsonInput' }, outputs.named(schema)),
        );
        break;
      default:
        fields.set(name, remove(operation, outputs.named(operation.result ?? STATUS)));
    }
  }
  return fields;
}

/** The schema of an operation's kind: what a read of one object answers with. */
function kindSchemas({ operations }: Description): (operation: Operation) => string | undefined {
  const place = ({ group, version, kind }: Operation) => `${group}/${version}/${kind}`;
  const known = new Map(operations.filter((op) => op.action === 'get').map((op) => [place(op), op.result]));
  return (operation) => known.get(place(operation));
}

function withBody(
  operation: Operation,
  { schema, inputs, outputs }: { schema: string; inputs: InputTypes; outputs: OutputTypes },
): RootField {
  const input = inputs.named(schema);
  const argument = `${fieldName(schema)}Input`;
  return {
    type: outputs.named(schema),
    description: operation.description,
    args: { ...argumentsOf(operation), [argument]: { type: input.type } },
    resolve: (_source, args, context) => {
      const given = input.toJson(args[argument]);
      const body = { apiVersion: `${operation.group}/${operation.version}`, kind: operation.kind, ...(isObject(given) ? given : {}) };
      const method = operation.action === 'put' ? 'PUT' : 'POST';
      return context.call({
        method,
        path: pathOf(operation, args),
        headers: { 'content-type': ACCEPT, accept: ACCEPT },
        body: JSON.stringify(body),
      });
    },
  };
}

function patch(operation: Operation, form: { content: string; argument: string }, type: RootField['type']): RootField {
  const query = [...operation.query];
  // Front ends always say who they are and that they insist, whether or not the description mentions it.
  for (const known of [
    { name: 'fieldManager', type: 'string' },
    { name: 'force', type: 'boolean' },
  ] as const) {
    if (!query.some(({ name }) => name === known.name)) query.push(known);
  }
  const complete = { ...operation, query };
  return {
    type,
    description: `${operation.description} The argument is JSON text.`.trim(),
    args: {
      ...argumentsOf(complete),
      force: { type: GraphQLBoolean },
      fieldManager: { type: GraphQLString },
      [form.argument]: { type: GraphQLString },
    },
    resolve: (_source, args, context) => {
      const headers = { 'content-type': form.content, accept: ACCEPT };
      // `force` belongs to server-side apply alone; the API refuses it elsewhere.
      const sent = form.content.startsWith('application/apply') ? args : { ...args, force: undefined };
      return context.call({ method: 'PATCH', path: pathOf(complete, sent), headers, body: stringOf(args[form.argument]) ?? '' });
    },
  };
}

function remove(operation: Operation, type: RootField['type']): RootField {
  return {
    type,
    description: operation.description,
    args: argumentsOf(operation),
    resolve: (_source, args, context) => context.call({ method: 'DELETE', path: pathOf(operation, args), headers: { accept: ACCEPT } }),
  };
}
