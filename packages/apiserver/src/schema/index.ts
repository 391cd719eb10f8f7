export {
  type CompiledExpression,
  compileExpression,
  type ExpressionFault,
  type ExpressionOptions,
  isFault,
} from './cel/compile-expression.ts';
export { fromJson } from './cel/json-value.ts';
export {
  AUTHORIZER,
  type AuthorizationAnswer,
  type AuthorizationQuestion,
  type Authorize,
  authorizerValue,
} from './cel/library-authorizer.ts';
export { BOOL, type CelType, DYN, INT, list, map, objectType, STRING } from './cel/type.ts';
export { CelFailure, type Fields, type Value } from './cel/value.ts';
export { type CompiledSchema, compileSchema, type ValidateOptions } from './compile-schema.ts';
export { checkCrd } from './crd/check-crd.ts';
export { defaultCrd } from './crd/default-crd.ts';
export {
  duplicate,
  forbidden,
  goFloat,
  goNumber,
  internal,
  invalid,
  notSupported,
  OMITTED,
  quoted,
  required,
  type Shown,
  tooLong,
  tooMany,
  typeInvalid,
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
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  isWhole,
  milliUnits,
  parseQuantity,
  QUANTITY_SYNTAX,
  type Quantity,
  type QuantityFormat,
  quantityOf,
  subtractQuantities,
  wholeUnits,
} from './quantity.ts';
export type { Definitions } from './schema-node.ts';
