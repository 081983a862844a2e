/** 1 to 255 characters, as OpenID Connect bounds it, none of them a control character, and not only blanks. */
export const NAMES_SOMEBODY = /^(?=.*\S)[^\p{Cc}\p{Cs}]{1,255}$/u;
