/** The value of a JSON text, or undefined for a text that is not JSON: an expected outcome wherever others write it. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
