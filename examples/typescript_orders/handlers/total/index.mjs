export const handler = async (prices) => ({
  total: prices.reduce((sum, { amount }) => sum + amount, 0),
});
