export { type CompiledExpression, compileExpression, isFault } from './cel/compile-expression.ts';
export { fromJson } from './cel/json-value.ts';
export { AUTHORIZER, type AuthorizationQuestion, authorizerValue } from './cel/library-authorizer.ts';
export { BOOL, type CelType, DYN, STRING, typeText } from './cel/type.ts';
export type { Value } from './cel/value.ts';
export { type CompiledSchema, compileSchema } from './compile-schema.ts';
export { checkCrd } from './crd/check-crd.ts';
export { defaultCrd } from './crd/default-crd.ts';
export { formatWarnings } from './crd/format-warnings.ts';
export {
  canonicalJson,
  duplicate,
  forbidden,
  invalid,
  notSupported,
  Printed,
  quoted,
  required,
  tooLong,
  tooMany,
} from './field-message.ts';
export { jsonEqual } from './json-equal.ts';
export {
  label1035Problems,
  labelProblems,
  labelValueProblems,
  pathSegmentProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from './names.ts';
export {
  addQuantities,
  approximately,
  compareQuantities,
  formatQuantity,
  isWhole,
  parseQuantity,
  type Quantity,
  quantityOf,
  subtractQuantities,
} from './quantity.ts';
