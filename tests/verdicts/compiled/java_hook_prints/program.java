import java.util.*;

public class Main {
    public static void main(String[] words) throws Exception {
        Scanner in = new Scanner(System.in);
        int sum = in.nextInt() + in.nextInt();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println(sum)));
    }
}
