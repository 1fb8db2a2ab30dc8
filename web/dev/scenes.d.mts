export interface Scene {
  agent: string
  calls: object[]
  hands?: object[]
  notices?: object[]
}
export const scenes: Record<string, () => Scene>
