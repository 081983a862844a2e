/** Whose tokens `npm run token` makes, and for whom. Not for production: its key lies in a folder that developers share and copy. */
export const DEVELOPMENT_ISSUER = "urn:ebp-cancel-facade:npm-run-token";
export const DEVELOPMENT_AUDIENCE = "ebp-cancel-facade";
