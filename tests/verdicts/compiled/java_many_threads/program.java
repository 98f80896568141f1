import java.util.*;

public class Main {
    public static void main(String[] words) throws Exception {
        Scanner in = new Scanner(System.in);
        int sum = in.nextInt() + in.nextInt();
        for (int i = 0; i < 50; i++) {
            Thread one = new Thread(() -> { try { Thread.sleep(9999); } catch (Exception all) { } });
            one.setDaemon(true);
            one.start();
        }
        System.out.println(sum);
    }
}
