async function isReady(): Promise<boolean> {
  return true;
}

export const answer = () => (isReady() ? 1 : 2);
