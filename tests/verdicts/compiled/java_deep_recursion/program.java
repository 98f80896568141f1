import java.util.*;

public class Main {
    static int deep(int n) { return deep(n + 1) + 1; }
    public static void main(String[] words) throws Exception {
        Scanner in = new Scanner(System.in);
        int sum = in.nextInt() + in.nextInt();
        deep(0);
        System.out.println(sum);
    }
}
