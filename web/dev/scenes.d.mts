export interface Scene {
  agent: string
  calls: object[]
  hands?: object[]
  notices?: object[]
  rejoin?: object
}
export const scenes: Record<string, () => Scene>
