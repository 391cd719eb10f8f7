export { type CompiledSchema, compileSchema, type ValidateOptions } from './compile-schema.ts';
export {
  duplicate,
  forbidden,
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
