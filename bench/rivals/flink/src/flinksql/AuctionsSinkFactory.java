package flinksql;

/** The connector 'auctions': as 'blackhole', but it adds up the first column, which all of Nexmark's queries have there. */
public final class AuctionsSinkFactory extends TotalsSinkFactory {
  public AuctionsSinkFactory() {
    super("auctions", row -> row.getLong(0));
  }
}
