import { randomBytes } from 'node:crypto'

/**
 * A connection, request or message id in API Gateway's form: 15 characters of base64 and a `=`, which has to be
 * encoded in a path.
 */
export const newId = (): string => `${randomBytes(11).toString('base64url')}=`

/** Whether a text could be a connection id, whoever made it. */
export const isWellFormedId = (text: string): boolean => /^[A-Za-z0-9+/_-]{6,126}={0,2}$/.test(text)
