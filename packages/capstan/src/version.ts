/** Of the product; the package, the API document and `--version` all say this. */
export const version = '0.1.0';
