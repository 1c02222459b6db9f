import java.util.List;
import java.util.Map;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Transaction;

/** Works with a database through Jedis: Client HOST PORT USER PASSWORD. Prints "done", or fails. */
public final class Client {
  public static void main(String[] arguments) {
    var config = DefaultJedisClientConfig.builder().user(arguments[2]).password(arguments[3]).build();
    try (Jedis jedis = new Jedis(new HostAndPort(arguments[0], Integer.parseInt(arguments[1])), config)) {
      expect("OK", jedis.set("java", "one"));
      expect("one", jedis.get("java"));
      expect(null, jedis.get("missing"));
      expect(2L, jedis.hset("java-hash", Map.of("a", "1", "b", "2")));
      expect(Map.of("a", "1", "b", "2"), jedis.hgetAll("java-hash"));
      jedis.watch("java-count");
      Transaction transaction = jedis.multi();
      transaction.incr("java-count");
      transaction.incr("java-count");
      expect(List.of(1L, 2L), transaction.exec());
      expect(1L, jedis.expire("java", 100));
      expect(true, jedis.ttl("java") > 90);
      expect("PONG", jedis.ping());
    }
    System.out.println("done");
  }

  private static void expect(Object wanted, Object got) {
    if (!java.util.Objects.equals(wanted, got)) {
      throw new AssertionError("wanted " + wanted + ", got " + got);
    }
  }
}
