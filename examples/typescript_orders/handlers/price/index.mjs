const EUROS = { chair: 120, desk: 700, lamp: 35 };

export class UnknownProduct extends Error {
  name = "UnknownProduct";
}

export const handler = async ({ sku, quantity, currency }) => {
  if (!(sku in EUROS)) throw new UnknownProduct(`no price for ${sku}`);
  return { sku, currency, amount: EUROS[sku] * quantity };
};
