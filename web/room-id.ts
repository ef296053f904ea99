const pattern = /^[A-Za-z0-9_.:-]{1,128}$/

/** Converts input to a room id: blanks become hyphens and a leading # is removed. Undefined for an invalid id. */
export const roomIdOf = (typed: string): string | undefined => {
  const roomId = typed.trim().replace(/^#+/, '').replace(/\s+/g, '-')
  return pattern.test(roomId) ? roomId : undefined
}

export const roomIdProblem = 'A room’s name has 1 to 128 of these: letters a to z, digits, and _ . : -'
