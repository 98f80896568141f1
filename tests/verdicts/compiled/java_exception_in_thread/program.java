import java.util.*;

public class Main {
    public static void main(String[] words) throws Exception {
        Scanner in = new Scanner(System.in);
        int sum = in.nextInt() + in.nextInt();
        Thread one = new Thread(() -> { throw new RuntimeException(); });
        one.start();
        one.join();
        System.out.println(sum);
    }
}
