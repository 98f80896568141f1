import java.util.*;

public class Main {
    public static void main(String[] words) throws Exception {
        Scanner in = new Scanner(System.in);
        int sum = in.nextInt() + in.nextInt();
        Thread one = new Thread(null, () -> System.out.println(sum), "", 1 << 29);
        one.start();
    }
}
