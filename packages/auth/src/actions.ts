/** What an action asks of the API, as attributes of a SubjectAccessReview. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
}

const ofInstance = (verb: string, subresource: string): Attributes => ({
  verb,
  group: 'crownlabs.polito.it',
  resource: 'instances',
  subresource,
});

/** What people do with an Instance. Attributes, not answers: RBAC alone decides, in both homes. */
export const ACTIONS = {
  view: ofInstance('get', 'view'),
  control: ofInstance('get', 'control'),
  terminal: ofInstance('get', 'terminal'),
  web: ofInstance('get', 'web'),
  power: ofInstance('update', 'power'),
} satisfies Record<string, Attributes>;

/** One of the things that people do with an Instance. */
export type Action = keyof typeof ACTIONS;
