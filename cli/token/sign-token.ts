import { SignJWT } from 'jose'

type Claims = {
  readonly userId: string
  readonly rooms: readonly string[]
  readonly name?: string | undefined
  readonly roles?: readonly string[]
}

/** Signs a token for AUTH_MODE=secret. @param life validity, such as `2 hours` */
export const signToken = (
  { userId, rooms, name, roles = [] }: Claims,
  secret: string,
  life: string,
): Promise<string> =>
  new SignJWT({ rooms, ...(name !== undefined && { name }), ...(roles.length > 0 && { roles }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(life)
    .sign(new TextEncoder().encode(secret))
